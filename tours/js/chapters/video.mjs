// Videos: a job that ends in a film, films out of others, characters, expiry.

import { OpenAI, bytes, every, file } from '../walk.mjs';

export default async function (t) {
  const { videos } = t.client;
  const finished = (video) => t.settled(() => videos.retrieve(video.id), 'queued', 'in_progress');
  const made = await videos.create({ prompt: 'a kite', seconds: '4', size: '1280x720' });
  t.same([made.status, made.progress, made.seconds], ['queued', 0, '4']);
  await t.refused(OpenAI.BadRequestError, () => videos.downloadContent(made.id));
  const done = await finished(made);
  t.same([done.status, done.progress], ['completed', 100]);
  const film = await bytes(videos.downloadContent(made.id));
  t.same(String(film.subarray(4, 8)), 'ftyp');
  t.same(String((await bytes(videos.downloadContent(made.id, { variant: 'thumbnail' }))).subarray(0, 4)), 'RIFF');
  const remixed = await videos.remix(made.id, { prompt: 'night' });
  t.same([remixed.remixed_from_video_id, remixed.size], [made.id, '1280x720']);
  const own = () => file('own.mp4', film);
  t.same((await videos.edit({ video: own(), prompt: 'dusk' })).seconds, '4');
  const longer = await finished(await videos.extend({ video: own(), prompt: 'more', seconds: '8' }));
  t.same([longer.status, longer.seconds], ['completed', '12']);
  const unsafe = await finished(await videos.create({ prompt: 'I will kill you and murder your family' }));
  t.same([unsafe.status, unsafe.error.code], ['failed', 'moderation_blocked']);
  const character = await videos.createCharacter({ name: 'Mo', video: own() });
  t.same((await videos.getCharacter(character.id)).name, 'Mo');
  t.true((await every('id', videos.list({ limit: 2 }))).includes(made.id));
  t.same((await videos.delete(remixed.id)).deleted, true);
  await t.gone(() => videos.retrieve(remixed.id));
  await t.house.wait(done.expires_at - done.completed_at + 1);
  await t.gone(() => videos.downloadContent(made.id));
}
