// Where the endpoints of an upstream are: its targets, those that are names with every address that the name has.
import { formatTarget, isAddress } from "./target.ts";
import type { Address, Target } from "./upstream.ts";
import {
  type AddressWatch,
  type ResolutionOptions,
  type ResolveHost,
  watchAddresses,
} from "./watch-addresses.ts";

/** Where one endpoint is: the target itself, or one address of the target's name. */
export interface Place {
  readonly target: Target;
  readonly address?: Address;
}

export interface AddressBookOptions {
  /** Places beyond it are left out; those that are in use stay. */
  readonly maxCount: number;
  readonly resolution?: ResolutionOptions;
  readonly resolveHost?: ResolveHost;
  /** A name was resolved, or could not be. */
  readonly onChange: () => void;
}

export interface AddressBook {
  /** Each under a key that stays the same; replaced as a whole. Names have none until they are resolved. */
  places(): ReadonlyMap<string, Place>;
  /** Whether the places never change. */
  readonly fixed: boolean;
  /** Why there is no place, `host name not found (acme:50051)`; undefined where there is one or may soon be. */
  failure(): string | undefined;
  /** Begins to resolve. Idempotent. */
  start(): void;
  /** An endpoint cannot be reached: its name may have moved. */
  lost(place: Place): void;
  stop(): void;
}

/**
 * `localhost` is not resolved: both of its addresses are one machine, and a server may listen on either. grpc-js tries
 * one after the other.
 */
export function createAddressBook(targets: readonly Target[], options: AddressBookOptions): AddressBook {
  const found = new Map<Target, readonly Place[]>();
  const watches = new Map<Target, AddressWatch>();
  const failures = new Map<Target, string>();
  let places: ReadonlyMap<string, Place> = new Map();

  const gather = (): void => {
    const all = targets
      .flatMap((target) => found.get(target) ?? [])
      .map((place) => [keyOf(place), place] as const);
    const known = places;
    const stay = all.filter(([key]) => known.has(key));
    const come = all.filter(([key]) => !known.has(key));
    const next = new Map<string, Place>();
    for (const [key, place] of [...stay, ...come]) {
      if (next.size < options.maxCount) next.set(key, known.get(key) ?? place);
    }
    places = next;
  };

  for (const target of targets) {
    if (isAddress(target.host) || target.host === "localhost") {
      found.set(target, [{ target }]);
      continue;
    }
    const listener = {
      onAddresses(hosts: readonly string[]) {
        failures.delete(target);
        found.set(
          target,
          hosts.map((host) => ({ target, address: { host, port: target.port } })),
        );
        gather();
        options.onChange();
      },
      onFailure(reason: string) {
        failures.set(target, `${reason} (${formatTarget(target)})`);
        options.onChange();
      },
    };
    watches.set(target, watchAddresses(target.host, listener, options.resolution, options.resolveHost));
  }
  gather();

  return {
    places: () => places,
    fixed: watches.size === 0,
    failure() {
      if (places.size > 0 || failures.size < watches.size) return undefined;
      const [first] = failures.values();
      return first;
    },
    start() {
      for (const watch of watches.values()) watch.start();
    },
    lost: ({ target }) => watches.get(target)?.refresh(),
    stop() {
      for (const watch of watches.values()) watch.stop();
    },
  };
}

/** Two names may have one address and yet be two servers to it. */
function keyOf({ target, address }: Place): string {
  return address ? `${formatTarget(address)} ${target.host}` : formatTarget(target);
}
