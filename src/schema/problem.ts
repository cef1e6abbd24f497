// A problem found in what people gave us, with its place: collected, never thrown one at a time.

export interface Problem {
  /** Where: `library.proto:12:3`, `upstream library (localhost:50051)`, `protogate.yaml:4:7`. */
  readonly place: string;
  /** What is wrong and what was expected, one sentence. */
  readonly message: string;
}

export function formatProblem(problem: Problem): string {
  return `${problem.place}: ${problem.message}`;
}
