import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parse } from "yaml";
import { KUBECONFIG, kubectl } from "../../../harness/kubernetes/kubernetesCluster.ts";
import { inRepository } from "../../../tools/inRepository.ts";
import { temporaryDirectory } from "../temporaryDirectory.ts";
import { createObjects } from "./createObjects.ts";

interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
}

/** The rights that docs/kubernetes.md lists for a namespace. */
export async function documentedRights(): Promise<Rule[]> {
  const page = await readFile(inRepository("docs", "kubernetes.md"), "utf8");
  const [table = ""] = /^\| objects \| verbs .*\n(\|.*\n)+/m.exec(page) ?? [];
  return table
    .split("\n")
    .slice(2, -1)
    .flatMap((row) => {
      const [, objects = "", verbs = ""] = row.split(/ ?\| ?/);
      return [...objects.matchAll(/`([a-z/]+)`(?: \(`([a-z0-9.]+)`\))?/g)].map(
        ([, resource = "", group = ""]) => ({
          apiGroups: [group],
          resources: [resource],
          verbs: verbs.split(", "),
        }),
      );
    });
}

/** An account that may do in a namespace what docs/kubernetes.md says, without some of it, such as `create secrets`; returns its kubeconfig. */
export async function restrictedAccount(
  namespace: string,
  name: string,
  ...without: readonly string[]
): Promise<string> {
  const rules = (await documentedRights()).map(({ resources, verbs, ...rule }) => ({
    ...rule,
    resources,
    verbs: verbs.filter((verb) => !without.includes(`${verb} ${resources}`)),
  }));
  const role = { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name };
  const metadata = { name };
  await createObjects(namespace, [
    { apiVersion: "v1", kind: "ServiceAccount", metadata },
    {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "Role",
      metadata,
      rules: rules.filter(({ verbs }) => verbs.length > 0),
    },
    {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "RoleBinding",
      metadata,
      roleRef: role,
      subjects: [{ kind: "ServiceAccount", name, namespace }],
    },
  ]);
  const token = (await kubectl("-n", namespace, "create", "token", name)).trim();
  const administrator = parse(await readFile(KUBECONFIG, "utf8"));
  const kubeconfig = join(await temporaryDirectory(), "kubeconfig");
  const users = [{ name: administrator.contexts[0].context.user, user: { token } }];
  await writeFile(kubeconfig, JSON.stringify({ ...administrator, users }));
  return kubeconfig;
}
