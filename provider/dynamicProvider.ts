import type { dynamic, Input } from "@pulumi/pulumi";
import type { News, Olds } from "#kinds/change.ts";
import type { Crud } from "./crud.ts";

/** The inputs of a resource, as a program passes them. */
export type Given<Inputs> = {
  readonly [Key in keyof Inputs]:
    | Input<NonNullable<Inputs[Key]>>
    | (undefined extends Inputs[Key] ? undefined : never);
};

/**
 * A dynamic provider that loads its code when a method is first called. Its methods use nothing but `load`, a function
 * that imports a module by name, since the state keeps the source of both.
 */
export function dynamicProvider(load: () => Promise<Crud>): dynamic.ResourceProvider {
  return {
    async check(olds: Olds, news: News) {
      const { check } = await load();
      return check ? check({ olds, news }) : { inputs: news };
    },
    async diff(_id: string, olds: Olds, news: News) {
      return (await load()).diff({ olds, news });
    },
    async create(news: News) {
      return (await load()).create(news);
    },
    async read(id: string, olds: Olds) {
      return (await load()).read(id, olds);
    },
    async update(_id: string, olds: Olds, news: News) {
      const { create, update } = await load();
      return update ? update({ olds, news }) : create(news);
    },
    async delete(_id: string, olds: Olds) {
      await (await load()).remove?.(olds);
    },
  };
}

/**
 * The module that the state keeps of a provider. Pulumi would write one, too, but the code that does so takes a third of
 * a second to load.
 */
export function providerModule(load: () => Promise<Crud>): string {
  const methods = Object.values(dynamicProvider(load)).map((method) => `${method},\n`);
  return `const load = ${load};\nexports.handler = () => ({\n${methods.join("")}});\n`;
}
