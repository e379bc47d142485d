//! The template language.

use super::Code;

pub(super) static CODES: &[Code] = &[
    Code::error("M1020", "an unknown section", "A template has a fixed set of sections."),
    Code::error(
        "M1021",
        "a part of the template has the wrong form",
        "A section, a resource, an output or one of their attributes is not what CloudFormation defines.",
    ),
    Code::error(
        "M1022",
        "a part of CloudFormation that is not supported",
        "Transforms, macros, hooks, creation and update policies need CloudFormation itself. Everything unsupported is refused by name, never ignored.",
    ),
    Code::error(
        "M1023",
        "a name that CloudFormation does not allow",
        "Logical ids and names of parameters, conditions, mappings and outputs are letters and digits.",
    ),
    Code::error(
        "M1024",
        "a wrong DeletionPolicy or UpdateReplacePolicy",
        "Delete, Retain, RetainExceptOnCreate (deletion only) and, for types AWS can take a snapshot of, Snapshot.",
    ),
    Code::error(
        "M1030",
        "a malformed parameter declaration",
        "A parameter needs a `Type`; its constraints are plain values.",
    ),
    Code::error(
        "M1031",
        "a parameter without a value",
        "It has no default, and neither manifest nor command line give a value.",
    ),
    Code::error(
        "M1032",
        "a value its parameter does not allow",
        "AllowedValues, AllowedPattern, lengths, bounds or the type itself refuse it. Values of NoEcho parameters are not shown.",
    ),
    Code::error(
        "M1033",
        "an unknown parameter type",
        "String, Number, CommaDelimitedList, List<Number>, the AWS types and their lists, and AWS::SSM::Parameter::Value of a single value.",
    ),
    Code::error("M1040", "an unknown function", "The name is no intrinsic function of CloudFormation."),
    Code::error(
        "M1041",
        "a function with wrong arguments",
        "The number or form of the arguments is not what the function takes, or the function is not the only key of its object.",
    ),
    Code::error(
        "M1042",
        "a function or name in the wrong place",
        "Conditions and rules are decided before any resource exists; condition functions stand in `Conditions` only.",
    ),
    Code::error(
        "M1043",
        "an unknown name",
        "Ref, Fn::GetAtt or Fn::Sub name something that is neither parameter, pseudo parameter nor resource of the template.",
    ),
    Code::error(
        "M1044",
        "an unknown attribute",
        "Fn::GetAtt names an attribute that the resource type does not have.",
    ),
    Code::error(
        "M1045",
        "an unknown mapping or key",
        "Fn::FindInMap names a mapping or a key in it that is not there, and gives no DefaultValue.",
    ),
    Code::error("M1046", "an unknown condition", "A condition is used that `Conditions` does not declare."),
    Code::error("M1047", "a condition that depends on itself", "Conditions refer to each other in a circle."),
    Code::error(
        "M1048",
        "a use of a resource that is not made",
        "The resource's condition does not hold, so it has no Ref and no attributes. Guard the use with the same condition.",
    ),
    Code::error(
        "M1049",
        "a function cannot be computed",
        "The arguments are known, but do not fit: a list is too short, a block too small, a list stands where a text is wanted.",
    ),
    Code::error(
        "M1050",
        "a value that must be known while planning",
        "Conditions, indexes, mapping keys, regions and export names cannot wait for a resource or for a secret.",
    ),
    Code::error("M1051", "a name that is exported twice", "Export names are unique within a region."),
    Code::error(
        "M1052",
        "an import of something nobody exports",
        "No output of the plan's stacks has that export name, and no other plan is known to export it.",
    ),
    Code::error(
        "M1053",
        "values that lead back to themselves",
        "Outputs import each other in a circle, or properties read each other by Fn::GetAtt.",
    ),
    Code::error(
        "M1054",
        "a malformed dynamic reference",
        "{{resolve:ssm:NAME[:VERSION]}}, {{resolve:ssm-secure:NAME[:VERSION]}} or {{resolve:secretsmanager:ID[:SecretString[:KEY[:STAGE[:VERSION]]]]}}.",
    ),
    Code::error(
        "M1055",
        "a computation with a secret",
        "Values of NoEcho parameters and dynamic references are read only at the moment of the call. They can be passed on, joined and substituted, and NoEcho parameters compared in conditions; no other function can see them.",
    ),
    Code::error(
        "M1056",
        "the parameters break a rule",
        "An assertion of the template's `Rules` does not hold.",
    ),
    Code::error(
        "M1057",
        "a wrong DependsOn",
        "It names no resource of the template, or the resource itself.",
    ),
    Code::warning("M1060", "an unused parameter", "Nothing refers to it."),
    Code::warning("M1061", "an unused condition", "Nothing refers to it."),
    Code::warning("M1062", "an unused mapping", "Nothing refers to it."),
    Code::error(
        "M1063",
        "a region whose availability zones are not known",
        "Fn::GetAZs needs a region of the account's partition.",
    ),
    Code::error("M1099", "a defect of migrate", "Please report it with the template."),
];
