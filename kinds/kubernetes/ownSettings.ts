/** The settings that only this kind has. */
export const OWN_SETTINGS = [
  "replicas",
  "namespace",
  "kubeconfig",
  "kubeContext",
  "image",
  "imageRepository",
  "imagePlatform",
  "imagePullSecret",
  "expose",
  "readinessPath",
  "livenessPath",
];
