/**
 * Several serving processes of one registry: they are started, watched and stopped together, share a folder, and know whose
 * upload is whose. It knows nothing of what they serve.
 */
export { openChangeCounter } from "./change-counter.ts";
export { receiveOrders } from "./orders.ts";
export { makeProcessFolder, type ProcessPlace, socketOf, watcherSocketOf } from "./process-folder.ts";
export { Supervisor, type SupervisorParts } from "./supervisor.ts";
export { drawOwnId, ownerOf } from "./upload-owner.ts";
