// What went wrong, for people: the sentence, and beside each field what is wrong with it.
import { Code, ConnectError } from "@connectrpc/connect";
import {
  BadRequestSchema,
  ErrorInfoSchema,
  ResourceInfoSchema,
} from "../../src/gen/google/rpc/error_details_pb.ts";
import { element } from "./element.ts";

/** An alert with the error and its details. Details whose type the page does not know are counted. */
export function describeError(reason: unknown): HTMLElement {
  const error = ConnectError.from(reason);
  const rows = [
    ...error.findDetails(ErrorInfoSchema).map(({ reason: why, domain }) => ["reason", `${why} (${domain})`]),
    ...error.findDetails(ResourceInfoSchema).map((detail) => ["resource", detail.resourceName]),
    ...fieldViolations(error).map(([field, text]) => [field, text]),
  ];
  const list = element("dl", { className: "details" });
  for (const [name = "", text = ""] of rows) {
    list.append(element("dt", { textContent: name }), element("dd", { textContent: text }));
  }
  return element(
    "div",
    { className: "error", role: "alert" },
    element("strong", { textContent: Code[error.code] ?? String(error.code) }),
    element("span", { textContent: error.rawMessage }),
    list,
  );
}

/** Puts what is wrong with a field below the input of that name, and clears the others. */
export function markFields(form: HTMLFormElement, reason?: unknown): void {
  const wrong = new Map(reason === undefined ? [] : fieldViolations(ConnectError.from(reason)));
  for (const output of form.querySelectorAll("output")) {
    const field = output.htmlFor.toString();
    const text = wrong.get(field) ?? "";
    output.textContent = text;
    const input = form.elements.namedItem(field);
    if (input instanceof HTMLInputElement) input.ariaInvalid = String(text !== "");
  }
}

function fieldViolations(error: ConnectError): [field: string, description: string][] {
  const violations = error.findDetails(BadRequestSchema).flatMap((detail) => detail.fieldViolations);
  return violations.map(({ field, description }) => [field, description]);
}
