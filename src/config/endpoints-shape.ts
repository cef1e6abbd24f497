// Keys of an upstream about its endpoints: how calls are shared among them, and how one that is unwell is noticed.
import { z } from "zod";
import { outlierDefaults } from "../upstream/outlier-ejection.ts";
import { key } from "./shape-key.ts";
import { duration } from "./shape-values.ts";

function wholeNumber(least: number, most: number) {
  const expected = `expected a whole number from ${least} to ${most}`;
  return z
    .number({ error: expected })
    .refine((value) => Number.isInteger(value) && value >= least && value <= most, expected);
}

export const endpointKeys = {
  balancing: key(z.enum(["round_robin", "least_request"]), {
    form: "round_robin or least_request",
    byDefault: "round_robin",
    description:
      "Which endpoint gets a call: each in turn, or of two at random the one with fewer calls in flight.",
  }),
  connections: key(wholeNumber(1, 16), {
    form: "number",
    byDefault: 1,
    description:
      "Connections to each endpoint. More than one where a backend ends connections on which many calls are cancelled, or where one is too slow.",
  }),
  dns: key(
    z.strictObject({
      interval: key(duration(1000), {
        form: "duration",
        byDefault: "30s",
        description: "Time between two resolutions; a lost endpoint brings the next one on.",
      }),
    }),
    { form: "mapping", description: "Resolution of the targets' names." },
  ),
  healthCheck: key(
    z.strictObject({
      enabled: key(z.boolean(), {
        form: "true or false",
        byDefault: true,
        description: "Whether endpoints are asked.",
      }),
      service: key(z.string().max(256), {
        form: "text",
        description: "Service to ask for. Not given: the backend as a whole.",
      }),
      interval: key(duration(100), {
        form: "duration",
        byDefault: "10s",
        description: "Time between two checks of an endpoint.",
      }),
      timeout: key(duration(1), {
        form: "duration",
        byDefault: "2s",
        description: "How long one check may take.",
      }),
    }),
    {
      form: "mapping",
      description:
        "Asks each endpoint by grpc.health.v1 and sends no calls to one that is not serving, while another is. An endpoint without that service counts as serving. Not given: does not ask.",
    },
  ),
  outliers: key(
    z.strictObject({
      enabled: key(z.boolean(), {
        form: "true or false",
        byDefault: true,
        description: "Whether endpoints are taken out.",
      }),
      consecutiveFailures: key(wholeNumber(1, 1000), {
        form: "number",
        byDefault: outlierDefaults.consecutiveFailures,
        description: "Failures in a row that take an endpoint out.",
      }),
      failurePercent: key(wholeNumber(1, 100), {
        form: "number",
        byDefault: outlierDefaults.failurePercent,
        description: "Share of an interval's calls that must fail, and be at least twice that of the others.",
      }),
      minCalls: key(wholeNumber(1, 1_000_000), {
        form: "number",
        byDefault: outlierDefaults.minCalls,
        description: "Calls in an interval below which their share says nothing.",
      }),
      interval: key(duration(100), {
        form: "duration",
        byDefault: "10s",
        description: "Time between two looks at the shares.",
      }),
      ejection: key(duration(1), {
        form: "duration",
        byDefault: "30s",
        description: "Time of the first ejection; the next takes twice that, and so on.",
      }),
      maxEjection: key(duration(1), {
        form: "duration",
        byDefault: "5m",
        description: "The longest ejection.",
      }),
      maxEjectedPercent: key(wholeNumber(1, 100), {
        form: "number",
        byDefault: outlierDefaults.maxEjectedPercent,
        description: "How many may be out at once. One always may, all never.",
      }),
    }),
    {
      form: "mapping",
      description:
        "Takes an endpoint out for a time that fails where others do not (UNAVAILABLE, INTERNAL, UNKNOWN, DATA_LOSS; DEADLINE_EXCEEDED in the share).",
    },
  ),
};

/** What the shape makes of these keys; what is not there is decided by decide-endpoints.ts. */
export type EndpointsLayer = {
  readonly [K in keyof typeof endpointKeys]?: z.output<(typeof endpointKeys)[K]>;
};
