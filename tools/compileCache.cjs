// `npm run pulumi` loads this into Pulumi's processes. What Node.js has compiled is kept in a folder for each kind of
// process: Pulumi runs a program with a debugger attached, and V8 refuses what was compiled with one where there is none.
// In a shared folder, each process would compile everything anew and write down a thousand files for the other to refuse.
const { join } = require("node:path");

const [, kind] = /cmd[\\/](run|dynamic-provider)[\\/]/.exec(process.argv[1] ?? "") ?? [];
if (kind !== undefined) {
  require("node:module").enableCompileCache?.(join(__dirname, "..", ".tools", "compile-cache", kind));
}
