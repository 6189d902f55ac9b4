import { z } from "zod";

export const service = z
  .object({
    name: z.literal("berth"),
    version: z.string(),
    signIn: z.array(
      z.object({
        kind: z.enum(["password", "oidc", "none"]),
        source: z.string(),
        title: z.string(),
        startUrl: z.string().nullable(),
      }),
    ),
  })
  .meta({ id: "Service", description: "What everybody may know of the registry." });
