// How long ago something was, in the two units that matter.

/** `now`, `42s`, `3m 20s`, `5h 3m`, `2d 4h`; empty for something that never was. */
export function formatAge(ageMs: number | null): string {
  if (ageMs === null) return "";
  const seconds = Math.max(0, Math.floor(ageMs / 1000));
  if (seconds === 0) return "now";
  if (seconds < 60) return `${seconds}s`;
  if (seconds < 3600) return pair(Math.floor(seconds / 60), "m", seconds % 60, "s");
  if (seconds < 86_400) return pair(Math.floor(seconds / 3600), "h", Math.floor((seconds % 3600) / 60), "m");
  return pair(Math.floor(seconds / 86_400), "d", Math.floor((seconds % 86_400) / 3600), "h");
}

function pair(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large}${largeUnit}` : `${large}${largeUnit} ${small}${smallUnit}`;
}
