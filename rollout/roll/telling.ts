const TELL_EVERY_MILLISECONDS = 10_000;

/** Does something that may take long, and reports every few seconds what it is waiting for. */
export async function telling<T>(tell: () => void, work: () => Promise<T>): Promise<T> {
  const timer = setInterval(tell, TELL_EVERY_MILLISECONDS);
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
}
