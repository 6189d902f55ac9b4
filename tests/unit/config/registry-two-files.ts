/** The file in the image of registry:2 (2.8). */
export const imageOfRegistry2 = `
version: 0.1
log:
  fields:
    service: registry
storage:
  cache:
    blobdescriptor: inmemory
  filesystem:
    rootdirectory: /var/lib/registry
http:
  addr: :5000
  headers:
    X-Content-Type-Options: [nosniff]
health:
  storagedriver:
    enabled: true
    interval: 10s
    threshold: 3
`;

/** The file in the image of registry:3. */
export const imageOfRegistry3 = `
version: 0.1
log:
  level: debug
  fields:
    service: registry
    environment: development
storage:
    delete:
      enabled: true
    cache:
        blobdescriptor: inmemory
    filesystem:
        rootdirectory: /var/lib/registry
    tag:
      concurrencylimit: 5
http:
    addr: :5000
    debug:
        addr: :5001
        prometheus:
            enabled: true
            path: /metrics
health:
  storagedriver:
    enabled: true
    interval: 10s
    threshold: 3
`;

/** As packages of registry:2 for Kubernetes write it; the rest comes from variables. */
export const clusterFile = `
health:
  storagedriver:
    enabled: true
    interval: 10s
    threshold: 3
http:
  addr: :5000
  debug:
    addr: :5001
    prometheus:
      enabled: false
      path: /metrics
  headers:
    X-Content-Type-Options:
    - nosniff
log:
  fields:
    service: registry
storage:
  cache:
    blobdescriptor: inmemory
version: 0.1
`;

/** What Kubernetes and those packages put into the environment. */
export const clusterEnvironment = {
  REGISTRY_AUTH: "htpasswd",
  REGISTRY_AUTH_HTPASSWD_REALM: "Registry Realm",
  REGISTRY_AUTH_HTPASSWD_PATH: "/auth/htpasswd",
  REGISTRY_HTTP_SECRET: "0123456789abcdef",
  REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY: "/var/lib/registry",
  REGISTRY_STORAGE_DELETE_ENABLED: "true",
  REGISTRY_PORT: "tcp://10.96.0.17:5000",
  REGISTRY_PORT_5000_TCP: "tcp://10.96.0.17:5000",
  REGISTRY_PORT_5000_TCP_ADDR: "10.96.0.17",
  REGISTRY_PORT_5000_TCP_PORT: "5000",
  REGISTRY_PORT_5000_TCP_PROTO: "tcp",
  REGISTRY_SERVICE_HOST: "10.96.0.17",
  REGISTRY_SERVICE_PORT: "5000",
  REGISTRY_SERVICE_PORT_HTTP_REGISTRY: "5000",
  PATH: "/bin",
};
