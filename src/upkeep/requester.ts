import { z } from "zod";

/** Who has asked for work that is done later, as it is kept with the job: what they may do is looked at when it is done. */
export const requester = z.strictObject({
  /** Absent: they have none, and are what `subjects` says. */
  accountId: z.int().optional(),
  subjects: z.array(z.string()),
  systemRole: z.enum(["administrator", "auditor"]).optional(),
  actor: z.string().optional(),
  address: z.string().optional(),
  requestId: z.string().optional(),
});

export type Requester = z.output<typeof requester>;
