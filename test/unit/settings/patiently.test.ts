import { expect, test } from "vitest";
import { InvalidInput, RollgateError } from "#rollout/common/errors.ts";
import { MachineUnreachable } from "#rollout/machine/machine.ts";
import { NO_PATIENCE, type Patience, patiently } from "../../../settings/patiently.ts";

const away = new InvalidInput("hosts[0].server", "app-1 cannot be reached", {
  cause: new MachineUnreachable("app-1 cannot be reached: Connection refused"),
});

/** Fails with these errors, one after the other, and then succeeds. */
function asking(...errors: readonly Error[]) {
  const left = [...errors];
  return async () => {
    const error = left.shift();
    if (error) throw error;
    return "there";
  };
}

function patience(seconds = 10) {
  const told: string[] = [];
  const given: Patience = { seconds, betweenMilliseconds: 1, onWait: (reason) => void told.push(reason) };
  return { told, given };
}

test("a server that starts is waited for, and that is said once", async () => {
  const { told, given } = patience();
  expect(await patiently(asking(away, away, away), given)).toBe("there");
  expect(told).toEqual(["app-1 cannot be reached: Connection refused"]);
});

test("a server that never comes is a failure in the end", async () => {
  const { given } = patience(0.02);
  await expect(patiently(asking(...Array.from({ length: 1000 }, () => away)), given)).rejects.toBe(away);
});

test("a refused login is waited for, but not as long, since it may never be accepted", async () => {
  const refused = new InvalidInput("hosts[0].server", "the login was refused", {
    cause: new RollgateError("login-refused", "app-1: the login was refused"),
  });
  const { told, given } = patience();
  const accepting = { ...given, refusedSeconds: 10 };
  expect(await patiently(asking(away, refused, refused), accepting)).toBe("there");
  expect(told).toEqual(["app-1 cannot be reached: Connection refused", "app-1: the login was refused"]);
  const never = asking(...Array.from({ length: 1000 }, () => refused));
  await expect(patiently(never, { ...given, refusedSeconds: 0.02 })).rejects.toBe(refused);
});

test("anything else that is wrong is a failure at once, and so is everything without patience", async () => {
  const refused = new InvalidInput("hosts[0].server", "the login was refused");
  const { told, given } = patience();
  await expect(patiently(asking(refused), given)).rejects.toBe(refused);
  await expect(patiently(asking(away), NO_PATIENCE)).rejects.toBe(away);
  expect(told).toEqual([]);
});
