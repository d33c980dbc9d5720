// Makes the component of plugin.js, by componentize-js.

import { mkdir, writeFile } from "node:fs/promises";
import { componentize } from "@bytecodealliance/componentize-js";

const { component } = await componentize({
  sourcePath: "plugin.js",
  witPath: "wit",
  worldName: "{{world}}",
  // The sandbox has none of these. Without them the component starts faster, and nothing of it
  // depends on more than the message.
  disableFeatures: ["random", "stdio", "clocks", "http", "fetch-event"],
});
await mkdir("build", { recursive: true });
await writeFile("build/{{name}}.wasm", component);
