"""Every sentence the bot says, in English and marked for its translations, a module for each subject. docs/texts.md says how to add one.

Sentences are Telegram HTML with places for values. They are whole: one that is put together of parts cannot be translated.
"""
