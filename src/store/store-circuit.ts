// Whether a Redis node is asked at all: not while it is known to be dead, so that no call waits for it. It is probed in
// the background meanwhile, and asked again once a probe has counted something. Each change is told once.
import { StoreUnavailable } from "./limit-store.ts";

export interface StoreCircuit {
  /** What calls get while nobody is asked. */
  readonly refusal: StoreUnavailable | undefined;
  /** `undefined` until something is known. */
  readonly available: boolean | undefined;
  succeed(): void;
  /** Opens the circuit with the third failure in a row. */
  fail(failure: StoreUnavailable): void;
  /** Opens it now: there is no connection. */
  trip(failure: StoreUnavailable): void;
  /** Probes now, and not when the next probe is due: there is a connection again. */
  nudge(): void;
  /** No more probes. */
  close(): void;
}

export interface StoreCircuitOptions {
  /** Counts something for nobody; rejects where that fails, and soon. */
  readonly probe: () => Promise<void>;
  readonly onChange: (available: boolean, reason: string | undefined) => void;
}

/** One lost answer is not a dead Redis; three in a row are. */
const failuresToOpen = 3;
const firstProbeMs = 100;
const slowestProbeMs = 2_000;

export function createStoreCircuit({ probe, onChange }: StoreCircuitOptions): StoreCircuit {
  let available: boolean | undefined;
  let refusal: StoreUnavailable | undefined;
  let failures = 0;
  let probeMs = firstProbeMs;
  let timer: NodeJS.Timeout | undefined;
  let probing = false;
  let closed = false;

  const schedule = (): void => {
    clearTimeout(timer);
    // By chance sooner or later, or a fleet of gateways would probe in step.
    timer = setTimeout(run, probeMs * (0.75 + Math.random() / 2));
    timer.unref();
    probeMs = Math.min(2 * probeMs, slowestProbeMs);
  };

  const markAvailable = (): void => {
    if (available === true || closed) return;
    clearTimeout(timer);
    failures = 0;
    available = true;
    refusal = undefined;
    probeMs = firstProbeMs;
    onChange(true, undefined);
  };

  const run = (): void => {
    if (closed || probing) return;
    probing = true;
    clearTimeout(timer);
    probe().then(
      () => {
        probing = false;
        markAvailable();
      },
      (reason: unknown) => {
        probing = false;
        const failure = asUnavailable(reason);
        if (available === false) {
          refusal = failure;
          if (!closed) schedule();
        } else circuit.trip(failure);
      },
    );
  };

  const circuit: StoreCircuit = {
    get refusal() {
      return refusal;
    },
    get available() {
      return available;
    },
    succeed() {
      failures = 0;
      // A late answer to a question of before says little: where it is known to be dead, only a probe ends that.
      if (available === undefined) markAvailable();
    },
    fail(failure) {
      if (available !== false && ++failures >= failuresToOpen) circuit.trip(failure);
    },
    trip(failure) {
      if (closed || available === false) return;
      available = false;
      refusal = failure;
      failures = 0;
      onChange(false, failure.message);
      schedule();
    },
    nudge() {
      if (available !== true) run();
    },
    close() {
      closed = true;
      clearTimeout(timer);
    },
  };
  return circuit;
}

export function asUnavailable(reason: unknown): StoreUnavailable {
  if (reason instanceof StoreUnavailable) return reason;
  const message = reason instanceof Error ? reason.message : String(reason);
  return new StoreUnavailable(message === "" ? "no answer" : message, { cause: reason });
}
