import { NODE_ADDRESS } from "../../../harness/kubernetes/kubernetesCluster.ts";
import { until } from "../../../harness/until.ts";

/** The URL of a NodePort, which opens a moment after its Service is there. */
export async function openedNodePort(nodePort: number): Promise<string> {
  const url = `http://${NODE_ADDRESS}:${nodePort}`;
  const answers = () =>
    fetch(url).then(
      () => true,
      () => false,
    );
  await until(answers);
  return url;
}
