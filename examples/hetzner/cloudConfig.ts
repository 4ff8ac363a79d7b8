/** What cloud-init does at a server's first start; rollgate installs Java and nginx itself. */
export function cloudConfig(sshPublicKey: string, hostKey: string): string {
  const deploy = { name: "deploy", shell: "/bin/sh", ssh_authorized_keys: [sshPublicKey] };
  // JSON is YAML, too.
  return `#cloud-config\n${JSON.stringify({
    users: ["default", deploy],
    ssh_keys: { ed25519_private: `${hostKey.trim()}\n` },
  })}\n`;
}
