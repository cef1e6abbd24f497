// Mends what ioredis 6 does when a server answers what nobody has asked: an answer of null throws where only
// `uncaughtException` hears of it, and ends the process; any other leaves the connection as it is, on which each further
// answer may be another question's. Here such a connection is given up. Source: ioredis 6.0.0, DataHandler.shiftCommand.
import { Redis } from "ioredis";

interface QueuedCommand {
  readonly command: {
    readonly name: string;
    readonly args: readonly string[];
    resolve(): void;
    reject(): void;
  };
}

/** What is private of `Redis` and needed here. */
interface RedisInside {
  commandQueue: { shift(): QueuedCommand | undefined };
  resetCommandQueue(): void;
  flushQueue(error: Error, options?: object): void;
  disconnect(reconnect: boolean): void;
  silentEmit(event: "error", error: Error): void;
}

let guarded = false;

/** All clients of this process, those that a cluster makes for itself included. May be called again. */
export function guardIoredis(): void {
  if (guarded) return;
  guarded = true;
  const inside = Redis.prototype as unknown as RedisInside;
  const { resetCommandQueue, flushQueue } = inside;
  // Emptying the queue ends with an empty one, and that is nobody's answer.
  let flushing = false;
  inside.flushQueue = function (this: RedisInside, error, options): void {
    const within = flushing;
    flushing = true;
    try {
      flushQueue.call(this, error, options);
    } finally {
      flushing = within;
    }
  };
  inside.resetCommandQueue = function (this: RedisInside): void {
    resetCommandQueue.call(this);
    const queue = this.commandQueue;
    const shift = queue.shift.bind(queue);
    let dropped = false;
    queue.shift = () => {
      const command = shift();
      if (command !== undefined || flushing) return command;
      if (!dropped) dropConnection(this);
      dropped = true;
      return nobodysCommand;
    };
  };
}

function dropConnection(client: RedisInside): void {
  client.silentEmit("error", new Error("Redis has answered what nobody has asked"));
  client.disconnect(true);
}

/** Does nothing with its answer. */
const nobodysCommand: QueuedCommand = { command: { name: "none", args: [], resolve() {}, reject() {} } };
