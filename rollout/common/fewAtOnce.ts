import pLimit from "p-limit";

/** A small deployer gets through so many logins before the first of them counts as unanswered. */
const MOST = 50;

/**
 * Does something with each of many hosts, with a limited number at a time; a deadline that begins in `work` is theirs. Once
 * `signal` aborts, nothing further begins.
 */
export function fewAtOnce<T, R>(
  hosts: readonly T[],
  work: (host: T) => Promise<R>,
  signal?: AbortSignal,
): Promise<R>[] {
  const limit = pLimit(MOST);
  return hosts.map((host) =>
    limit(() => {
      signal?.throwIfAborted();
      return work(host);
    }),
  );
}
