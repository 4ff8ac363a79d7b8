/** Any time. */
const ALIVE_MILLISECONDS = 60_000;

/**
 * Waits for some work, and keeps this process alive meanwhile. Connections and deadlines don't, and a program that ends
 * before it has declared anything is one without resources to Pulumi, which an update would delete.
 */
export async function keepingProcess<T>(work: Promise<T>): Promise<T> {
  const alive = setInterval(() => {}, ALIVE_MILLISECONDS);
  try {
    return await work;
  } finally {
    clearInterval(alive);
  }
}
