// What the operator's config says of the methods that a selector names: the contract between `config`, which reads it,
// and the resolution of policies.
import type { FlowSettings } from "./flow-settings.ts";
import type { RestSettings } from "./rest-settings.ts";

/** One entry of `methods` in the config file; what it says at the top is one for `*` that stands before them. */
export interface MethodSettings {
  /** `demo.library.v1.Library.CreateBook`, `demo.library.*` for everything below, `*` for everything. */
  readonly selector: string;
  /** Where the selector was written: `protogate.yaml:12:5`. */
  readonly place: string;
  readonly rest: RestSettings;
  readonly flow: FlowSettings;
  /** Where each key was written, `rest.successStatus`; `rest.header.x-user-id`, `rateLimit.2` for one of a list. */
  readonly places: ReadonlyMap<string, string>;
}
