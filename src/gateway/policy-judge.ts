// Tells what of a policy cannot work, with its place. What one place says for many methods at once need not fit each of
// them: it is told only where it fits none.
// Source: protos/protogate/v1/options.proto ("A value that cannot work").
import type { DescMethod } from "@bufbuild/protobuf";
import type { ProblemList } from "../schema/problem-list.ts";
import { shorten } from "../schema/shorten.ts";
import { methodName, type PolicyLayer } from "./policy-layers.ts";

/** `wrong` = for every method; `unfit` = for this one. */
export interface SettingFault {
  readonly kind: "wrong" | "unfit";
  readonly reason: string;
}

/** One setting of one place. */
export interface JudgedSetting {
  readonly layer: PolicyLayer;
  /** `rest.header` */
  readonly key: string;
  /** Of a list the entry's name or place: `x-user-id`, `2`. */
  readonly item?: string | undefined;
  /** Tells two entries of one name apart. */
  readonly detail?: string | undefined;
  readonly method: DescMethod;
}

export interface PolicyJudge {
  /** Whether a setting can work for a method; if not, it is told now, or by `reportUnfit`. */
  passes(fault: SettingFault | undefined, setting: JudgedSetting): boolean;
  /** To be called when all methods have been judged. */
  reportUnfit(): void;
}

export function createPolicyJudge(problems: ProblemList): PolicyJudge {
  /** Settings of shared layers that have fitted no method yet, with the first reason why; null once one has. */
  const shared = new Map<
    PolicyLayer,
    Map<string, { readonly place: string; readonly text: string } | null>
  >();
  return {
    passes(fault, { layer, key, item, detail, method }) {
      const place = layer.origin(key, item);
      const subject = `${layer.spell(key)}${item === undefined ? "" : ` ${shorten(item, 60)}`}`;
      if (layer.shared && fault?.kind !== "wrong") {
        const known = shared.get(layer) ?? new Map();
        shared.set(layer, known);
        const reason = `, ${methodName(method)} among them: ${fault?.reason}`;
        const text = `${subject} fits no method of ${layer.subject}${reason}`;
        const setting = `${subject} ${detail ?? ""}`;
        if (fault === undefined) known.set(setting, null);
        else if (!known.has(setting)) known.set(setting, { place, text });
      } else if (fault !== undefined) {
        problems.add(place, `${subject} of ${layer.subject} is refused: ${fault.reason}`);
      }
      return fault === undefined;
    },
    reportUnfit() {
      for (const settings of shared.values()) {
        for (const unfit of settings.values()) if (unfit !== null) problems.add(unfit.place, unfit.text);
      }
    },
  };
}

export function wrong(reason: string): SettingFault {
  return { kind: "wrong", reason };
}

export function unfit(reason: string): SettingFault {
  return { kind: "unfit", reason };
}
