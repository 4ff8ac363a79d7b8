/** The settings that only this kind has. */
export const OWN_SETTINGS = [
  "replicas",
  "namespace",
  "kubeconfig",
  "kubeContext",
  "image",
  "imageRepository",
  "imagePullSecret",
  "expose",
  "readinessPath",
  "livenessPath",
];
