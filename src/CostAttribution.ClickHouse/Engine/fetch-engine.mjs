// Fetches the embedded engine named by package-lock.json and leaves its library at TARGET/current/libchdb.so.
// Called by Engine.targets as: node fetch-engine.mjs TARGET. Works in a staging folder and publishes it by one rename, so
// that builds running at the same time never see half an engine.
import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, linkSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const source = dirname(fileURLToPath(import.meta.url));
const target = process.argv[2];
const current = join(target, "current");
const staging = join(target, `staging-${process.pid}`);
const retired = join(target, `retired-${process.pid}`);

function fail(text) {
  rmSync(staging, { recursive: true, force: true });
  console.error(`engine fetch: error : ${text}`);
  process.exit(1);
}

function place(from, to) {
  try {
    linkSync(from, to);
  } catch {
    copyFileSync(from, to);
  }
}

mkdirSync(staging, { recursive: true });
for (const file of ["package.json", "package-lock.json"]) copyFileSync(join(source, file), join(staging, file));

const npm = spawnSync("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"], {
  cwd: staging,
  encoding: "utf8",
  shell: process.platform === "win32",
});
if (npm.error) fail(`npm could not be started (${npm.error.code}): install Node.js 20 or later with npm and build again`);
if (npm.status !== 0) {
  fail(`npm ci failed with exit code ${npm.status}: check the npm registry settings and the network\n${npm.stderr}`);
}

const packages = join(staging, "node_modules", "@chdb");
const names = existsSync(packages) ? readdirSync(packages) : [];
const folder = names.find((name) => existsSync(join(packages, name, "libchdb.so")));
if (folder) {
  place(join(packages, folder, "libchdb.so"), join(staging, "libchdb.so"));
} else {
  console.log(`no embedded engine is published for ${process.platform}-${process.arch}: only ClickHouse:Mode=Remote will work`);
}
rmSync(join(staging, "node_modules"), { recursive: true, force: true });
writeFileSync(join(staging, "engine.stamp"), `${folder ?? "none"}\n`);

for (let attempt = 0; ; attempt++) {
  try {
    if (existsSync(current)) renameSync(current, retired);
    renameSync(staging, current);
    break;
  } catch (error) {
    // Another build published between the two renames: its engine comes from the same lock file.
    if (attempt < 5 && ["ENOTEMPTY", "EEXIST", "ENOENT"].includes(error.code)) {
      rmSync(retired, { recursive: true, force: true });
      continue;
    }
    fail(`could not publish the engine to ${current}: ${error.message}`);
  }
}
rmSync(retired, { recursive: true, force: true });
