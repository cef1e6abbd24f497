// From `rest` and `methods` of a config file to settings with their places: what holds for all methods first, because of
// two entries for one method the later wins.
import type { MethodSettings } from "../gateway/method-settings.ts";
import { type RestSettings, restKeys } from "../gateway/rest-settings.ts";
import type { LayerReading } from "./config-layer.ts";

type Path = readonly PropertyKey[];

export function decideMethods({ layer, placeOf }: LayerReading): readonly MethodSettings[] {
  const settings = (selector: string, at: Path, rest: RestSettings, restAt: Path): MethodSettings => ({
    selector,
    place: placeOf(at),
    rest: said(rest),
    places: placesOf(rest, restAt, placeOf),
  });
  const forAll = layer.rest === undefined ? [] : [settings("*", ["rest"], layer.rest, ["rest"])];
  const forSome = (layer.methods ?? []).map(({ selector, rest }, i) =>
    settings(selector, ["methods", i, "selector"], rest ?? {}, ["methods", i, "rest"]),
  );
  return [...forAll, ...forSome];
}

/** The keys of a policy alone, those without a value left out. */
function said(rest: RestSettings): RestSettings {
  return Object.fromEntries(restKeys.flatMap((key) => (rest[key] === undefined ? [] : [[key, rest[key]]])));
}

function placesOf(
  rest: RestSettings,
  at: Path,
  placeOf: LayerReading["placeOf"],
): ReadonlyMap<string, string> {
  const places = new Map<string, string>();
  for (const key of restKeys) {
    const value = rest[key];
    if (value === undefined) continue;
    places.set(key, placeOf([...at, key]));
    if (typeof value !== "object") continue;
    for (const { name } of value) places.set(`${key}.${name}`, placeOf([...at, key, name]));
  }
  return places;
}
