/** A pattern that matches just this text, for PCRE and for `grep -E`. */
export function escapePattern(text: string): string {
  return text.replaceAll(/[.*+?()[\]{}|^$\\]/g, "\\$&");
}
