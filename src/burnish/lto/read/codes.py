"""Ids of blocks and codes of records of LLVM's bitcode, as far as they are read (llvm/Bitcode/LLVMBitCodes.h)."""

from enum import IntEnum


class BlockId(IntEnum):
    """``BlockIDs``, without ``_BLOCK_ID``."""

    BLOCKINFO = 0
    MODULE = 8
    PARAMATTR = 9
    PARAMATTR_GROUP = 10
    CONSTANTS = 11
    FUNCTION = 12
    IDENTIFICATION = 13
    VALUE_SYMTAB = 14
    METADATA = 15
    METADATA_ATTACHMENT = 16
    TYPE_NEW = 17
    USELIST = 18
    MODULE_STRTAB = 19
    GLOBALVAL_SUMMARY = 20
    OPERAND_BUNDLE_TAGS = 21
    METADATA_KIND = 22
    STRTAB = 23
    FULL_LTO_GLOBALVAL_SUMMARY = 24
    SYMTAB = 25
    SYNC_SCOPE_NAMES = 26


BLOCK_NAMES = {int(block): block.name for block in BlockId}


class IdentificationCode(IntEnum):
    """``IDENTIFICATION_CODE_*``."""

    STRING = 1
    EPOCH = 2


class ModuleCode(IntEnum):
    """``MODULE_CODE_*``."""

    VERSION = 1
    TRIPLE = 2
    ASM = 4
    SECTIONNAME = 5
    GLOBALVAR = 7
    FUNCTION = 8
    ALIAS_OLD = 9
    ALIAS = 14
    SOURCE_FILENAME = 16
    HASH = 17
    IFUNC = 18


class StrtabCode(IntEnum):
    """``STRTAB_BLOB`` and ``SYMTAB_BLOB`` have the same number."""

    BLOB = 1


class SummaryCode(IntEnum):
    """``FS_*`` of a module's own summary."""

    PERMODULE = 1
    PERMODULE_PROFILE = 2
    PERMODULE_GLOBALVAR_INIT_REFS = 3
    ALIAS = 7
    VERSION = 10
    VALUE_GUID = 16
    PERMODULE_RELBF = 19
    FLAGS = 20
    PERMODULE_VTABLE_GLOBALVAR_INIT_REFS = 23
