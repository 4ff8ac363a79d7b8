// Files that spare requests the JavaScript, one for each rest state of the fleet, there only while no slot that serves in it
// is down. They are in a folder that nginx makes for its workers' account. Without them, requests ask `unavailable`.

/** Removes the files that a slot is about to make wrong; runs before anything says that it is down. */
function forgetShortcuts(slot) {
  settings()
    .shortcuts.filter((shortcut) => shortcut.slots.includes(slot))
    .forEach((shortcut) => {
      removeFile(shortcut.file);
    });
}

/** Makes the files agree with the states of the slots; also after a start, when nothing is known of them yet. */
function updateShortcuts() {
  const up = settings()
    .hosts.filter((host) => stateOf(host).up)
    .map((host) => host.name);
  settings().shortcuts.forEach((shortcut) => {
    if (shortcut.slots.every((slot) => up.includes(slot))) writeFile(shortcut.file);
    else removeFile(shortcut.file);
  });
}

function removeFile(file) {
  try {
    fs.unlinkSync(file);
  } catch (error) {
    if (error.code !== "ENOENT") ngx.log(ngx.ERR, `${file} cannot be removed: ${error.message}`);
  }
}

/** It may fail, as on a full disk: then requests are only slower. */
function writeFile(file) {
  try {
    fs.writeFileSync(file, "");
  } catch (_) {}
}
