import { LocalMachine } from "#kinds/local/localMachine.ts";
import { describeMachine } from "../../contract/machine.ts";

describeMachine(async () => ({ machine: new LocalMachine(), address: "127.0.0.1" }));
