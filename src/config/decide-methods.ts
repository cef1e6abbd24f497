// From what a config file says for all methods and from its `methods` to settings with their places: what holds for all
// first, because of two entries for one method the later wins.
import { type FlowSettings, flowKeys } from "../gateway/flow-settings.ts";
import type { MethodSettings } from "../gateway/method-settings.ts";
import { type RestSettings, restKeys } from "../gateway/rest-settings.ts";
import type { FlowLayer, LayerReading } from "./config-layer.ts";

type Path = readonly PropertyKey[];

export function decideMethods({ layer, placeOf }: LayerReading): readonly MethodSettings[] {
  const said = (rest: RestSettings, flow: FlowLayer, at: Path) => {
    const places = new Map<string, string>();
    const note: Note = (key, path) => places.set(key, placeOf([...at, ...path]));
    return { rest: saidOfRest(rest, note), flow: saidOfFlow(flow, note), places };
  };
  // At the top `maxRequestBytes`, `timeout.max` and `auth` are the gateway's own.
  const { rateLimit, concurrency, maxReplyBytes, stream, retry, hedge, circuitBreaker } = layer;
  const timeout = { default: layer.timeout?.default, perTry: layer.timeout?.perTry };
  const flow = { rateLimit, concurrency, maxReplyBytes, timeout, stream, retry, hedge, circuitBreaker };
  const forAll = said(layer.rest ?? {}, flow, []);
  const [place] = layer.rest === undefined ? forAll.places.values() : [placeOf(["rest"])];
  const forSome = (layer.methods ?? []).map(({ selector, rest, ...own }, i) => ({
    selector,
    place: placeOf(["methods", i, "selector"]),
    ...said(rest ?? {}, own, ["methods", i]),
  }));
  return place === undefined ? forSome : [{ selector: "*", place, ...forAll }, ...forSome];
}

/** A key, or one of its list, and where it stands below the entry. */
type Note = (key: string, path: Path) => unknown;

/** The keys of a policy alone, those without a value left out. */
function saidOfRest(rest: RestSettings, note: Note): RestSettings {
  const said = restKeys.flatMap((key) => {
    const value = rest[key];
    if (value === undefined) return [];
    note(`rest.${key}`, ["rest", key]);
    if (typeof value === "object") {
      for (const { name } of value) note(`rest.${key}.${name}`, ["rest", key, name]);
    }
    return [[key, value]];
  });
  return Object.fromEntries(said);
}

/** The same, with `timeout: { max }` as `timeout.max`. */
function saidOfFlow(flow: FlowLayer, note: Note): FlowSettings {
  const said = flowKeys.flatMap((key) => {
    const path = key.split(".");
    const value = path.reduce<unknown>((group, step) => {
      return typeof group === "object" && group !== null ? Reflect.get(group, step) : undefined;
    }, flow);
    if (value === undefined) return [];
    note(key, path);
    if (Array.isArray(value)) for (const i of value.keys()) note(`${key}.${i + 1}`, [key, i]);
    return [[key, value]];
  });
  return Object.fromEntries(said);
}
