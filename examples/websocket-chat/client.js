// A call over WebSocket through protogate, for browsers and for Node from 22 on: copy this file, there is no build step.
// Frames: see README.md. Sends messages, and iterates over the replies until the call ends or fails.

/**
 * @param {string} url `ws://host/pkg.Service/Method`, or a REST path with its query
 * @param {{ header?: Record<string, string | string[]> }} [options] metadata: WebSockets of browsers have no headers
 */
export function openCall(url, { header } = {}) {
  const socket = new WebSocket(url, "protogate.json");
  const replies = [];
  let end;
  let wake = () => {};
  socket.onmessage = ({ data }) => {
    const frame = JSON.parse(data);
    if ("message" in frame) replies.push(frame.message);
    if ("end" in frame) end = frame.end;
    wake();
  };
  socket.onclose = ({ code }) => {
    // Without an end frame the connection broke or was refused: UNAVAILABLE.
    end ??= { code: 14, message: `the connection was closed (${code})`, details: [], trailer: {} };
    wake();
  };
  const opened = new Promise((resolve) => socket.addEventListener("open", resolve));
  const say = (frame) => opened.then(() => socket.send(JSON.stringify(frame)));
  if (header) say({ header });

  return {
    send: (message) => say({ message }),
    /** No more messages from here. A method that takes one message needs none. */
    halfClose: () => say({ halfClose: true }),
    cancel: () => socket.close(),
    async *[Symbol.asyncIterator]() {
      while (replies.length > 0 || !end) {
        if (replies.length > 0) yield replies.shift();
        else await new Promise((resolve) => (wake = resolve));
      }
      if (end.code !== 0) throw Object.assign(new Error(end.message), end);
    },
  };
}
