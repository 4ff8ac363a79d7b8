import { serve } from "rollgate/plugin";

await serve();
