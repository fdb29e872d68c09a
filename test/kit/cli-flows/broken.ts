// Cannot be imported.

throw new Error('not today');
