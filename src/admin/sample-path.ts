// A path that a template matches, to begin trying with: `/v1/{name=shelves/*}:cancel` → `/v1/shelves/1:cancel`.
// Not a parser: templates in a view were parsed already, and a wrong guess only prefills a form.

export function samplePath(template: string): string {
  return template
    .replace(/\{[^{}=]*=([^{}]*)\}/g, "$1")
    .replace(/\{[^{}]*\}/g, "1")
    .replaceAll("**", "1/2")
    .replaceAll("*", "1");
}
