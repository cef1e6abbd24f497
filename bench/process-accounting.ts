// What a process has used, as the kernel accounts for it: all threads, garbage collection and compilation included.
// Source: proc(5), /proc/PID/stat and /proc/PID/status. Linux only.
import { readFileSync } from "node:fs";

/** Clock ticks a second: USER_HZ, which is 100 on every architecture that Node runs on. */
const ticksPerSecond = 100;

/** User and system time since the process started, in milliseconds, to 10 ms. @throws Error where there is no /proc */
export function cpuMsOf(pid: number): number {
  const text = readFileSync(`/proc/${pid}/stat`, "latin1");
  // The second field is the program's name in parentheses and may hold anything, so counting starts after it.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const [utime, stime] = [Number(fields[11]), Number(fields[12])];
  return ((utime + stime) * 1000) / ticksPerSecond;
}

/** The most memory that the process has held resident so far, in bytes. */
export function peakMemoryBytesOf(pid: number): number {
  return statusBytes(pid, "VmHWM");
}

/** The memory that the process holds resident now, in bytes. */
export function memoryBytesOf(pid: number): number {
  return statusBytes(pid, "VmRSS");
}

function statusBytes(pid: number, key: string): number {
  const found = new RegExp(`^${key}:\\s+(\\d+) kB$`, "m").exec(
    readFileSync(`/proc/${pid}/status`, "latin1"),
  )?.[1];
  return Number(found ?? 0) * 1024;
}
