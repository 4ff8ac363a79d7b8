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
 * A dynamic provider that loads its code when a method is first called. Pulumi serialises it into the state with
 * everything it captures, so it captures only `load`, a function that imports a module by name.
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
