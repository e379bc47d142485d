exports.handler = async (event) => ({ step: event.Step ?? 'none' });
