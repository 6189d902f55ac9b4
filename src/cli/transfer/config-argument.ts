/** What commands of transfers say of the configuration that they take. */
export const CONFIG = "registry:2's configuration file, the one that serve has";
