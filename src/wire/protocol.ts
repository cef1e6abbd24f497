// The contract of a protocol edge: recognises its requests, reads each into a call and writes the reply as a response.
import type { HttpRequest, HttpResponse } from "./http-message.ts";

export interface Protocol {
  /** `rest`, `connect`, `grpc`, `grpc-web`. */
  readonly name: string;
  /** Looks at method, path and header only, never at the body. The first protocol that accepts a request has it. */
  accepts(request: HttpRequest): boolean;
  /**
   * Answers the request, errors included: never rejects. `undefined` = nothing here has that path, somebody else may.
   */
  handle(request: HttpRequest): Promise<HttpResponse | undefined>;
}
