/**
 * Passes on a signal that is also aborted once the work takes too long, or is done. So nothing is left then: neither what
 * nobody waits for, nor a timer, as that of `AbortSignal.timeout` would be, of which there may be thousands.
 */
export async function limited<T>(
  milliseconds: number,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const over = new AbortController();
  const late = () => over.abort(new DOMException("it took too long", "TimeoutError"));
  const timer = setTimeout(late, milliseconds);
  try {
    return await work(AbortSignal.any([signal, over.signal]));
  } finally {
    clearTimeout(timer);
    over.abort();
  }
}
