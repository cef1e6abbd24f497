// Which methods a rule of a service config is for.
// Source: google/api/documentation.proto, DocumentationRule.selector; google/api/http.proto ("last one wins")

/** Exact names, `pkg.Svc.*` and `pkg.*` for everything below, `*` for everything. */
const syntax = /^(?:\*|[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*(?:\.\*)?)$/;

export function isSelector(text: string): boolean {
  return syntax.test(text);
}

/** @param methodName `demo.library.v1.Library.GetBook` */
export function matchesSelector(selector: string, methodName: string): boolean {
  if (selector === "*") return true;
  if (selector.endsWith(".*")) return methodName.startsWith(selector.slice(0, -1));
  return selector === methodName;
}
