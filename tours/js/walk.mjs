// What a chapter is given: clients, the house they talk to, and assertions that are counted.

import assert from 'node:assert/strict';
import OpenAI from 'openai';
import { until } from './house.mjs';

const KEY = 'sk-tour';

export class Tour {
  constructor(house) {
    this.house = house;
    this.count = 0;
    this.client = this.make();
  }

  /** A client of the house, with this key. */
  make(apiKey = KEY, more = {}) {
    return new OpenAI({ baseURL: this.house.baseURL, apiKey, adminAPIKey: apiKey, maxRetries: 0, ...more });
  }

  /** The two are equal, to the last property. */
  same(found, wanted) {
    this.count += 1;
    assert.deepStrictEqual(found, wanted);
  }

  /** It is so. */
  true(found) {
    this.count += 1;
    assert.ok(found, `found ${JSON.stringify(found)}`);
  }

  /** Numbers are equal but for their last digits. */
  near(found, wanted, by = 1e-6) {
    this.count += 1;
    assert.ok(Math.abs(found - wanted) <= by, `found ${found}, wanted ${wanted}`);
  }

  /** The call raises this; gives what it raised. */
  async refused(kind, call) {
    this.count += 1;
    let found;
    try {
      found = await call();
    } catch (error) {
      if (error instanceof kind) return error;
      throw error;
    }
    assert.fail(`found ${JSON.stringify(found)?.slice(0, 600)}, wanted ${kind.name}`);
  }

  /** Each call finds nothing: 404. */
  async gone(...calls) {
    for (const call of calls) await this.refused(OpenAI.NotFoundError, call);
  }

  /** What `look` gives once its status is none of these. */
  settled(look, ...states) {
    return until(async () => {
      const found = await look();
      return states.includes(found.status) ? null : found;
    });
  }

  /** A new file's id. */
  async upload(name, data, purpose = 'user_data', client = this.client) {
    return (await client.files.create({ file: file(name, data), purpose })).id;
  }
}

export const file = (name, data) => new File([data], name);

/** Messages with this one line of the user. */
export const user = (content) => [{ role: 'user', content }];

/** All items of all pages, or all events of a stream. */
export async function all(source) {
  const found = [];
  for await (const item of await source) found.push(item);
  return found;
}

/** One field of all of them. */
export const every = async (field, source) => (await all(source)).map((item) => item[field]);

export const bytes = async (reply) => Buffer.from(await (await reply).arrayBuffer());
export const sum = (numbers) => numbers.reduce((one, other) => one + other, 0);
export const pick = (object, ...names) => names.map((name) => object[name]);
export { OpenAI };
