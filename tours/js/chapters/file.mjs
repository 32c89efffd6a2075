// Files: any bytes come back as they were, and what shall expire does.  Uploads: parts joined in the order named.

import { createHash } from 'node:crypto';
import { OpenAI, bytes, every, file } from '../walk.mjs';

const PARTS = ['first,', 'second,', 'third'];
const WHOLE = PARTS.join('');

export default async function (t) {
  const { files } = t.client;
  const data = Buffer.from(Array.from({ length: 1 << 20 }, (_, place) => place % 256));
  const made = await files.create({ file: file('data.bin', data), purpose: 'user_data' });
  t.same([made.bytes, made.filename, made.status], [data.length, 'data.bin', 'processed']);
  t.true((await bytes(files.content(made.id))).equals(data));
  t.same((await files.waitForProcessing(made.id)).id, made.id);
  t.true((await every('id', files.list({ purpose: 'user_data', limit: 1 }))).includes(made.id));
  const expires_after = { anchor: 'created_at', seconds: 3600 };
  const short = await files.create({ file: file('a.jsonl', '{}\n'), purpose: 'batch', expires_after });
  t.same(short.expires_at, short.created_at + 3600);
  await t.house.wait(3601);
  await t.gone(() => files.retrieve(short.id));
  t.same((await files.delete(made.id)).deleted, true);
  await t.gone(() => files.content(made.id));
  await uploads(t);
}

async function uploads(t) {
  const { uploads } = t.client;
  const begin = () =>
    uploads.create({ bytes: WHOLE.length, filename: 'a.csv', mime_type: 'text/csv', purpose: 'user_data' });
  const made = await begin();
  t.same([made.status, made.bytes, made.expires_at], ['pending', WHOLE.length, made.created_at + 3600]);
  const ids = [];
  for (const place of [2, 0, 1]) ids[place] = (await uploads.parts.create(made.id, { data: file('part', PARTS[place]) })).id;
  const md5 = createHash('md5').update(WHOLE).digest('hex');
  const wrong = [...ids].reverse();
  const refused = await t.refused(OpenAI.BadRequestError, () => uploads.complete(made.id, { part_ids: wrong, md5 }));
  t.same(refused.code, 'md5_mismatch');
  const done = await uploads.complete(made.id, { part_ids: ids, md5 });
  t.same([done.status, done.file.filename, done.file.bytes], ['completed', 'a.csv', WHOLE.length]);
  t.same(String(await bytes(t.client.files.content(done.file.id))), WHOLE);
  const [stopped, late] = [await begin(), await begin()];
  t.same((await uploads.cancel(stopped.id)).status, 'cancelled');
  await t.house.wait(3601);
  await t.refused(OpenAI.BadRequestError, () => uploads.cancel(late.id));
  await t.gone(() => uploads.cancel('upload_none'));
}
