import { digits } from "./digits.ts";

/** `1 host`, `48,112 requests`, `2 retries`. */
export function counted(count: number, one: string, several = `${one}s`): string {
  return `${digits(count)} ${count === 1 ? one : several}`;
}
