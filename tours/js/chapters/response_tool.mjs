// Tools that responses use by themselves: search in files, sums in containers, pictures.

import { all } from '../walk.mjs';

const PASSAGE = 'The lighthouse of Zelandia was built in 1812 by two brothers.';
const model = 'gpt-4o';

export default async function (t) {
  const { responses, vectorStores } = t.client;
  const tale = await t.upload('tale.txt', PASSAGE, 'assistants');
  const other = await t.upload('other.txt', 'Whales are large.', 'assistants');
  const store = (await vectorStores.create({ file_ids: [tale, other] })).id;
  t.same((await t.settled(() => vectorStores.retrieve(store), 'in_progress')).status, 'completed');
  const search = { type: 'file_search', vector_store_ids: [store] };
  const input = 'When was the lighthouse of Zelandia built?';
  const { output } = await responses.create({ model, input, tools: [search], include: ['file_search_call.results'] });
  t.same([output[0].type, output[0].results[0].file_id], ['file_search_call', tale]);
  t.same([output[1].content[0].text, output[1].content[0].annotations[0].file_id], [PASSAGE, tale]);
  const sums = { type: 'code_interpreter', container: { type: 'auto' } };
  const include = ['code_interpreter_call.outputs'];
  const call = (await responses.create({ model, input: 'What is 12*7+3?', tools: [sums], include })).output[0];
  t.same([call.code, call.outputs[0].logs], ['print(12*7+3)', '87\n']);
  t.same((await t.client.containers.retrieve(call.container_id)).status, 'running');
  const paint = { type: 'image_generation', size: '64x48', partial_images: 2 };
  const events = await all(responses.create({ model, input: 'Draw a red whale', tools: [paint], stream: true }));
  const partial = events.filter((event) => event.type === 'response.image_generation_call.partial_image');
  t.same(partial.map((event) => event.partial_image_index), [0, 1]);
  const data = Buffer.from(events.at(-1).response.output[0].result, 'base64');
  t.same([data.readUInt32BE(16), data.readUInt32BE(20)], [64, 48]);
}
