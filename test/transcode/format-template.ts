// The inverse of parsing a template, for the properties that hold it to that.
import { formatSegment, type Template, type TemplateVariable } from "../../src/transcode/template.ts";

/** The canonical text of a template: `{var}` for `{var=*}`, literals normalized. `parseTemplate` gives the same again. */
export function formatTemplate(template: Template): string {
  let text = "";
  let next = 0;
  let open: TemplateVariable | undefined;
  template.segments.forEach((segment, index) => {
    text += "/";
    const candidate: TemplateVariable | undefined = open ?? template.variables[next];
    const bare = candidate?.end === index + 1 && candidate.start === index && segment.kind === "one";
    if (open === undefined && candidate?.start === index) {
      open = candidate;
      next += 1;
      text += `{${candidate.fieldPath.join(".")}${bare ? "" : "="}`;
    }
    if (!bare) text += formatSegment(segment);
    if (open?.end === index + 1) {
      open = undefined;
      text += "}";
    }
  });
  if (text === "") text = "/";
  return template.verb === "" ? text : `${text}:${template.verb}`;
}
